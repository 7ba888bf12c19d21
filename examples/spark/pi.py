#!/usr/bin/env python3
"""Estimates Pi by throwing darts (the Monte Carlo method): the part of random points that falls into the circle.

    pi.py [PARTITIONS] [POINTS]

Every partition throws its share of POINTS with a seed of its own, so the same arguments give the same answer on any cluster.
"""

import random
import sys

from pyspark.sql import SparkSession


def hits(seed, points):
    """How many of that many random points of the square lie in the quarter circle."""
    dice = random.Random(seed)
    return sum(dice.random() ** 2 + dice.random() ** 2 <= 1 for _ in range(points))


def main():
    partitions = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    points = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    share = points // partitions

    spark = SparkSession.builder.appName("pi").getOrCreate()
    inside = (
        spark.sparkContext.parallelize(range(partitions), partitions)
        .map(lambda seed: hits(seed, share))
        .sum()
    )
    print(f"Pi is roughly {4 * inside / (share * partitions):.6f}")
    spark.stop()


if __name__ == "__main__":
    main()
