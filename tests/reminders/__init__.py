"""How the leads hear of their reviews."""
