import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Estimates Pi by throwing darts (the Monte Carlo method): the part of random points that falls into the circle. The same as pi.py, as a jar.
 *
 * <p>Arguments: [partitions] [points]. Build it against the jars of any Spark:
 *
 * <pre>
 * javac --release 17 -cp "$SPARK_HOME/jars/*" -d classes MonteCarloPi.java
 * jar --create --file monte-carlo-pi.jar --main-class MonteCarloPi -C classes .
 * </pre>
 */
public final class MonteCarloPi {
    private MonteCarloPi() {}

    public static void main(String[] args) throws IOException {
        int partitions = args.length > 0 ? Integer.parseInt(args[0]) : 4;
        long points = args.length > 1 ? Long.parseLong(args[1]) : 10_000_000L;
        long share = points / partitions;

        try (SparkSession spark = SparkSession.builder().appName("monte-carlo-pi").getOrCreate()) {
            JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
            List<Integer> seeds = IntStream.range(0, partitions).boxed().collect(Collectors.toList());
            long inside = context.parallelize(seeds, partitions).map(seed -> hits(seed, share)).reduce(Long::sum);
            // In one piece: on some clusters Spark's own lines go into the same stream.
            System.out.println(String.format(Locale.ROOT, "Pi is roughly %.6f", 4.0 * inside / (share * partitions)));
        }
    }

    /** How many of that many random points of the square lie in the quarter circle. */
    private static long hits(int seed, long points) {
        SplittableRandom dice = new SplittableRandom(seed);
        long inside = 0;
        for (long i = 0; i < points; i++) {
            double x = dice.nextDouble();
            double y = dice.nextDouble();
            if (x * x + y * y <= 1) {
                inside++;
            }
        }
        return inside;
    }
}
