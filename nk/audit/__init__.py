"""What could make a result better than it is: each check looks at one thing, and says what it found."""
