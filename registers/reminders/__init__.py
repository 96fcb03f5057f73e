"""How the leads hear of their reviews, and how their answers come back."""
