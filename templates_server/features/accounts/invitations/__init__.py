"""Invitations to an organization: a link that the inviter passes on. Its page is in `pages`."""
