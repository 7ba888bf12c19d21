namespace Sje.Testbed;

/// <summary>
/// What a test or bench needs is not on this machine: a bench says so and goes on without. xUnit takes a message that begins like this one's for
/// a skip. Where nothing may be skipped (<c>SJE_TEST_REQUIRE=1</c>), it is a failure.
/// </summary>
public sealed class AbsentException : Exception
{
    private const string Skip = "$XunitDynamicSkip$";

    private AbsentException(string reason)
        : base(Skip + reason) => Reason = reason;

    /// <summary>What is missing, in words.</summary>
    public string Reason { get; }

    /// <summary>The exception to throw.</summary>
    public static Exception Of(string reason) =>
        Environment.GetEnvironmentVariable("SJE_TEST_REQUIRE") == "1"
            ? new InvalidOperationException(reason)
            : new AbsentException(reason);
}
