using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Submit;

namespace Sje.Tests.Unit.Engines.Spark.Submit;

/// <summary>What the end of a <c>spark-submit</c> is taken for.</summary>
public sealed class SparkSubmitterTests
{
    [Theory]
    [InlineData(
        "WARN NativeCodeLoader\nException in thread \"main\" java.lang.RuntimeException: [unresolved dependency: org#nothing;1: not found]\n\tat a.b",
        "invalid",
        "unresolved dependency: org#nothing;1"
    )]
    [InlineData(
        "Server access error at url https://repo1.maven.org/ (java.net.UnknownHostException: repo1.maven.org)\nException in thread \"main\" java.lang.RuntimeException: [unresolved dependency: org#a;1: not found]",
        "network",
        "unresolved dependency: org#a;1"
    )]
    [InlineData(
        "Exception in thread \"main\" java.net.ConnectException: Call From a to b:8032 failed on connection exception\n\tat x",
        "network",
        "ConnectException"
    )]
    [InlineData(
        "Exception in thread \"main\" org.apache.hadoop.security.AccessControlException: User bob cannot submit applications to queue root.etl",
        "invalid",
        "User bob cannot submit"
    )]
    [InlineData(
        "Exception in thread \"main\" io.fabric8.kubernetes.client.KubernetesClientException: pods is forbidden: User \"x\" cannot create",
        "invalid",
        "pods is forbidden"
    )]
    [InlineData(
        "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
        "out_of_memory",
        "OutOfMemoryError"
    )]
    [InlineData("one line\nanother line\n", "exit_code", "another line")]
    [InlineData(null, "exit_code", "it says nothing")]
    public void The_line_that_says_why_is_shown_and_tells_whether_to_try_again(
        string? tail,
        string failure,
        string words
    )
    {
        var error = SparkSubmitter.ErrorOf(
            new TaskError("exit_code", "'/opt/spark/bin/spark-submit' ended with exit code 1.", 1, LogTail: tail)
        );

        Assert.Equal(failure, error.Class);
        Assert.StartsWith("spark-submit ended with exit code 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(tail, error.LogTail);
    }

    [Fact]
    public void What_the_worker_knows_better_stays_as_it_is()
    {
        var lost = new TaskError("lost", "The worker's lease lapsed, so its guard ended the task.");

        Assert.Same(lost, SparkSubmitter.ErrorOf(lost));
    }
}
