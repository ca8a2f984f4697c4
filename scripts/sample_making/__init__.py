"""How the sample station's sound was made: free speech synthesisers, numpy, and no recording of anybody."""
