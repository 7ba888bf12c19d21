#!/usr/bin/env python3
"""A shuffle by a key that most rows have in common: one task does nearly all the work while the others wait for it.

    skewed.py [ORDERS] [PARTITIONS]

Nine of ten orders are of one customer. They are spread by customer, and something slow (a chain of hashes, in Python) is done for
each order; the partition of the great customer takes as long as all the others together, many times over.
"""

import hashlib
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def seal(order):
    """Something that takes a while for each row."""
    digest = str(order).encode()
    for _ in range(600):
        digest = hashlib.sha256(digest).digest()
    return digest.hex()


def main():
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    partitions = int(sys.argv[2]) if len(sys.argv) > 2 else 16

    spark = SparkSession.builder.appName("skewed").getOrCreate()
    spark.sparkContext.setJobDescription("seal the orders of each customer")
    sealed = (
        spark.range(orders)
        .withColumn("customer", f.when(f.col("id") % 10 == 0, f.col("id") % 1000).otherwise(f.lit(7)))
        .repartition(partitions, "customer")
        .withColumn("seal", f.udf(seal, "string")("id"))
    )
    print(f"the smallest of {orders} seals is {sealed.agg(f.min('seal')).first()[0]}")
    spark.stop()


if __name__ == "__main__":
    main()
