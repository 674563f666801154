"""The pages of the console, one module per page. The functions of the features perform the actions."""
