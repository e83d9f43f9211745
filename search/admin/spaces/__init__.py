"""In: a curator's request about embedding spaces. Out: their list, their pages, and the steps of replacing one."""
