"""Events: actions of people in apps, sent by these apps."""
