"""Accounts and what opens them: password policy, one-time codes, lock-out, sessions."""
