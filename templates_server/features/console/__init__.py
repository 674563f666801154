"""Pages where people look after what is theirs: a module a page. What is done there, the features' own functions do."""
