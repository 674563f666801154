"""Bearer tokens: how they look, how they are kept, whom they stand for."""
