"""One pacer for several processes and machines: what they tell each other, and what follows.

Every process keeps its own copy of a lane's law and tells a store what its calls met; the store
keeps those reports in order, so all copies come to the same limit. Each process then takes its
share of it. No call waits for any of this.
"""
