"""What the project claims in numbers, and the programs that measure it: ``python -m benchmarks`` runs them all."""
