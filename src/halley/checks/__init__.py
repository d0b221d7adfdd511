"""What can be found out before a call: is the request right, is everything around it in order."""
