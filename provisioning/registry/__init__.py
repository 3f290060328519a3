"""What is known and allowed: the database, its models, and the questions asked of it."""
