using Sje.Core.Reliability;

namespace Sje.Tests.Unit.Reliability;

public class FailureClassesTests
{
    [Theory]
    // What the engine knows stands.
    [InlineData("invalid", null, null, "Connection refused", "invalid", "none")]
    [InlineData("out_of_memory", 137, "SIGKILL", null, "out_of_memory", "resource_exhausted")]
    [InlineData("network", null, null, null, "network", "network_error")]
    [InlineData("timeout", null, null, "Connection refused", "timeout", "default")]
    [InlineData("of_a_plug_in", null, null, null, "of_a_plug_in", "default")]
    // Exit codes and signals.
    [InlineData("exit_code", 1, null, null, "exit_code", "default")]
    [InlineData("exit_code", 75, null, null, "temporary", "temporary_failure")]
    [InlineData("error", null, null, null, "error", "default")]
    [InlineData("killed", 137, "SIGKILL", null, "killed", "resource_exhausted")]
    [InlineData("killed", 137, "SIGKILL", "Connection refused", "killed", "resource_exhausted")]
    [InlineData(
        "killed",
        137,
        "SIGKILL",
        "java.lang.OutOfMemoryError: Java heap space",
        "out_of_memory",
        "resource_exhausted"
    )]
    [InlineData(
        "killed",
        134,
        "SIGABRT",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "out_of_memory",
        "resource_exhausted"
    )]
    [InlineData("killed", 134, "SIGABRT", "assertion failed", "killed", "default")]
    [InlineData("killed", 143, "SIGTERM", "out of memory", "killed", "default")]
    // Memory.
    [InlineData("exit_code", 1, null, "MemoryError", "out_of_memory", "resource_exhausted")]
    [InlineData(
        "exit_code",
        1,
        null,
        "System.OutOfMemoryException: Array dimensions exceeded",
        "out_of_memory",
        "resource_exhausted"
    )]
    [InlineData(
        "error",
        null,
        null,
        "Out of Memory Error: failed to allocate data",
        "out_of_memory",
        "resource_exhausted"
    )]
    [InlineData("exit_code", 1, null, "fork: Cannot allocate memory", "out_of_memory", "resource_exhausted")]
    [InlineData(
        "exit_code",
        1,
        null,
        "Container killed by YARN for exceeding memory limits. 5.5 GB used",
        "out_of_memory",
        "resource_exhausted"
    )]
    [InlineData(
        "exit_code",
        1,
        null,
        "Connection reset by peer\njava.lang.OutOfMemoryError",
        "out_of_memory",
        "resource_exhausted"
    )]
    // Other resources.
    [InlineData("exit_code", 1, null, "OSError: [Errno 28] No space left on device", "resources", "resource_exhausted")]
    [InlineData(
        "exit_code",
        1,
        null,
        "OSError: [Errno 24] Too many open files: 'x'",
        "resources",
        "resource_exhausted"
    )]
    [InlineData("exit_code", 2, null, "FATAL:  sorry, too many clients already", "resources", "resource_exhausted")]
    // Network.
    [InlineData(
        "exit_code",
        1,
        null,
        "ConnectionRefusedError: [Errno 111] Connection refused",
        "network",
        "network_error"
    )]
    [InlineData("exit_code", 56, null, "curl: (56) Recv failure: Connection reset by peer", "network", "network_error")]
    [InlineData("exit_code", 6, null, "curl: (6) Could not resolve host: nowhere.example", "network", "network_error")]
    [InlineData("exit_code", 1, null, "java.net.UnknownHostException: nowhere", "network", "network_error")]
    [InlineData("exit_code", 1, null, "Error: connect ECONNREFUSED 127.0.0.1:1", "network", "network_error")]
    [InlineData(
        "exit_code",
        1,
        null,
        "ssh: connect to host x port 22: Connection timed out",
        "network",
        "network_error"
    )]
    [InlineData(
        "exit_code",
        2,
        null,
        "psql: error: could not translate host name: Temporary failure in name resolution",
        "network",
        "network_error"
    )]
    // Temporary.
    [InlineData("exit_code", 1, null, "HTTP/1.1 503 Service Unavailable", "temporary", "temporary_failure")]
    [InlineData("exit_code", 1, null, "ERROR:  deadlock detected", "temporary", "temporary_failure")]
    // Words that only look like it.
    [InlineData("exit_code", 1, null, "the network is fine; 12 connections; memory 5 GB", "exit_code", "default")]
    public void A_failure_has_a_class_and_picks_its_policy(
        string said,
        int? exitCode,
        string? signal,
        string? log,
        string settled,
        string policy
    )
    {
        var failure = new Failure(said, "It ended.", exitCode, signal, LogTail: log);
        Assert.Equal(settled, FailureClasses.Of(failure));
        Assert.Equal(policy, FailureClasses.PolicyFor(failure with { Class = settled }));
    }

    [Fact]
    public void Every_class_picks_a_policy_that_there_is_and_only_an_invalid_task_is_permanent()
    {
        Assert.All(FailureClasses.All, c => Assert.NotNull(RetryPolicies.BuiltIn.Find(c.Policy)));
        Assert.Equal(["invalid"], FailureClasses.All.Where(c => c.Permanent).Select(c => c.Name));
        Assert.All(FailureClasses.All, c => Assert.Equal(c.Permanent, FailureClasses.IsPermanent(c.Name)));
    }

    [Theory]
    [InlineData("Traceback (most recent call last):\n  File \"x\"\nValueError: no", "ValueError", true)]
    [InlineData("ValueError", "ValueError", true)]
    [InlineData("my.package.ValueError: no", "ValueError", true)]
    [InlineData("my.package.ValueError: no", "package.ValueError", true)]
    [InlineData("NoValueError: no", "ValueError", false)]
    [InlineData("ValueErrors: no", "ValueError", false)]
    [InlineData("there was a ValueError: no", "ValueError", false)]
    [InlineData("Exception in thread \"main\" java.lang.IllegalStateException: x", "IllegalStateException", true)]
    [InlineData("Exception in thread \"a b\" java.lang.IllegalStateException", "java.lang.IllegalStateException", true)]
    [InlineData("Caused by: java.io.IOException: x", "IOException", true)]
    [InlineData("Unhandled exception. System.FormatException: x", "FormatException", true)]
    public void An_exception_is_found_in_the_log_by_its_whole_name_or_its_last_part(
        string log,
        string name,
        bool found
    ) => Assert.Equal(found, new Failure("exit_code", "It ended.", 1, LogTail: log).Threw(name));

    [Fact]
    public void An_exception_of_the_engine_is_known_without_a_log()
    {
        var failure = new Failure("error", "it failed", Exception: "Npgsql.PostgresException");
        Assert.True(failure.Threw("PostgresException"));
        Assert.True(failure.Threw("Npgsql.PostgresException"));
        Assert.False(failure.Threw("Exception"));
    }
}
