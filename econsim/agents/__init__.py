"""Decision-makers for followers: scripted, exact, boundedly rational, neural."""
