using Sje.Jobs.Engines.Spark.Following;

namespace Sje.Tests.Unit.Engines.Spark.Following;

public sealed class StageFailureTests
{
    [Fact]
    public void A_failed_task_in_Python_is_told_with_its_exception()
    {
        var failure = Heard(
            """
            26/11/26 09:00:00 ERROR TaskSetManager: Task 6 in stage 1.0 failed 4 times; aborting job
            Traceback (most recent call last):
              File "/app/failing.py", line 29, in <module>
            py4j.protocol.Py4JJavaError: An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
            : org.apache.spark.SparkException: Job aborted due to stage failure: Task 6 in stage 1.0 failed 4 times, most recent failure: Lost task 6.3 in stage 1.0 (TID 19) (127.0.0.1 executor 0): org.apache.spark.api.python.PythonException: Traceback (most recent call last):
              File "/opt/spark/python/lib/pyspark.zip/pyspark/worker.py", line 3, in main
                process()
            ValueError: invalid literal for int() with base 10: 'n/a'

            	at org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:1)
            Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
            KeyError: 'another one'
            """
        );

        Assert.Equal(
            "Job aborted due to stage failure: Task 6 in stage 1.0 failed 4 times: ValueError: invalid literal for int() with base 10: 'n/a'",
            failure
        );
    }

    [Fact]
    public void A_failed_task_in_Java_is_told_with_its_exception()
    {
        var failure = Heard(
            """
            Exception in thread "main" org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 3.0 failed 1 times, most recent failure: Lost task 0.0 in stage 3.0 (TID 4) (host executor driver): java.lang.IllegalStateException: no (more) of it
            	at Main.main(Main.java:1)
            """
        );

        Assert.Equal(
            "Job aborted due to stage failure: Task 0 in stage 3.0 failed 1 times: java.lang.IllegalStateException: no (more) of it",
            failure
        );
    }

    [Theory]
    [InlineData(
        "org.apache.spark.SparkException: Job aborted due to stage failure: Total size of serialized results of 4 tasks is bigger than spark.driver.maxResultSize",
        "Job aborted due to stage failure: Total size of serialized results of 4 tasks is bigger than spark.driver.maxResultSize"
    )]
    [InlineData("26/11/26 09:00:00 INFO SparkContext: all is well", null)]
    public void What_is_no_tasks_fault_is_told_as_it_is(string line, string? expected) =>
        Assert.Equal(expected, Heard(line));

    private static string? Heard(string log)
    {
        var failure = new StageFailure();
        foreach (var line in log.Split('\n'))
        {
            failure.Hear(line.TrimEnd('\r'));
        }

        return failure.Text;
    }
}
