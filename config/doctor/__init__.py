"""What is wrong, and how to mend it. In: the database, Redis, disk and settings as they are; out: findings.

Nothing is changed. Each part of this folder looks at one thing and is listed in `examination`.
"""
