"""The audit log: who did what, and when. Each event is written in the transaction of its action."""
