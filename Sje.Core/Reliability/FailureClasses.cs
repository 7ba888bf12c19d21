using System.Text.RegularExpressions;

namespace Sje.Core.Reliability;

/// <summary>A kind of failure, and what follows from it where the job does not say.</summary>
/// <param name="Name">The word that stands in an attempt's error.</param>
/// <param name="RecognisedBy">How a failure is known to be of it, for people.</param>
/// <param name="Policy">The retry policy it picks.</param>
/// <param name="Permanent">Whether trying again is pointless.</param>
public sealed record FailureClass(string Name, string RecognisedBy, string Policy, bool Permanent = false);

/// <summary>
/// The failure classes. The engine says what it knows; what it only knows as an exit code or an error gets a narrower class from the end
/// of its log, since programs in a shell say why they failed nowhere else. The most telling cause is looked for first: a program
/// that ran out of memory often loses its connections too.
/// </summary>
public static partial class FailureClasses
{
    /// <summary>The task can never succeed as it is written.</summary>
    public const string Invalid = "invalid";

    private const string OutOfMemory = "out_of_memory";
    private const string Resources = "resources";
    private const string Network = "network";
    private const string Temporary = "temporary";
    private const string Killed = "killed";
    private const string ExitCode = "exit_code";
    private const string Error = "error";

    // sysexits.h: the user is invited to try again later. The one code of that table which programs use alike.
    private const int TryAgainLater = 75;

    /// <summary>All of them, the most telling first.</summary>
    public static IReadOnlyList<FailureClass> All { get; } =
    [
        new(Invalid, "the task can never succeed as it is written, says its engine", RetryPolicies.None, true),
        new(
            OutOfMemory,
            "more memory used than resources.memory allows; SIGKILL of a task near that limit or by the kernel's out-of-memory killer; OutOfMemoryError, MemoryError, bad_alloc and the like in the log",
            RetryPolicies.ResourceExhausted
        ),
        new(
            Resources,
            "no space left on device, too many open files, too many connections and the like in the log",
            RetryPolicies.ResourceExhausted
        ),
        new(
            Network,
            "the other side could not be reached: an exception of sockets or HTTP; connection refused, reset or timed out, an unknown host and the like in the log",
            RetryPolicies.NetworkError
        ),
        new(
            Temporary,
            "exit code 75 (EX_TEMPFAIL); service unavailable, too many requests, a deadlock and the like in the log",
            RetryPolicies.TemporaryFailure
        ),
        new(
            "http_status",
            "an answer of HTTP that may be another one next time: 408, 425, 429, 5xx",
            RetryPolicies.NetworkError
        ),
        new("expectation", "an answer that is not what the task expects", RetryPolicies.Default),
        new("timeout", "timeouts.run, or an exception of that kind", RetryPolicies.Default),
        new(
            Killed,
            "a signal from elsewhere. SIGKILL picks resource_exhausted: mostly the kernel sends it, for memory",
            RetryPolicies.Default
        ),
        new(ExitCode, "any other exit code than 0", RetryPolicies.Default),
        new(Error, "anything else", RetryPolicies.Default),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(c => c.Name)];

    /// <summary>Whether a failure of this class is final.</summary>
    public static bool IsPermanent(string name) => name == Invalid;

    /// <summary>The class of a failure: the engine's, or a narrower one where that says little.</summary>
    public static string Of(Failure failure)
    {
        var vague = failure.Class is Error or ExitCode || IsSigKill(failure) || IsAbort(failure);
        if (!vague)
        {
            return failure.Class;
        }

        var text = failure.Text;
        return OutOfMemoryWords().IsMatch(text) ? OutOfMemory
            : failure.Class == Killed ? Killed
            : ResourceWords().IsMatch(text) ? Resources
            : NetworkWords().IsMatch(text) ? Network
            : failure.ExitCode == TryAgainLater || TemporaryWords().IsMatch(text) ? Temporary
            : failure.Class;
    }

    /// <summary>The policy that a failure picks, its class being what <see cref="Of"/> said.</summary>
    public static string PolicyFor(Failure failure) =>
        IsSigKill(failure)
            ? RetryPolicies.ResourceExhausted
            : All.FirstOrDefault(c => c.Name == failure.Class)?.Policy ?? RetryPolicies.Default;

    private static bool IsSigKill(Failure failure) => failure is { Class: Killed, Signal: "SIGKILL" };

    // How C++ and some runtimes end when they get no memory.
    private static bool IsAbort(Failure failure) => failure is { Class: Killed, Signal: "SIGABRT" };

    [GeneratedRegex(
        @"\bOutOfMemory(Error|Exception)\b|\bInsufficientMemoryException\b|\bMemoryError\b|\bbad_alloc\b|\bout of memory\b"
            + @"|cannot allocate memory|java heap space|gc overhead limit exceeded|\bOOMKilled\b|\bexceeding (physical |virtual )?memory limits\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex OutOfMemoryWords();

    [GeneratedRegex(
        @"no space left on device|disk quota exceeded|too many open files|resource temporarily unavailable"
            + @"|too many (clients|connections)\b|remaining connection slots are reserved|\bENOSPC\b|\bEMFILE\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex ResourceWords();

    [GeneratedRegex(
        @"\bconnection (was )?(refused|reset|aborted|timed out)\b|\bconnect(ion)? timed out\b|\bconnection attempt failed\b"
            + @"|\bno route to host\b|\b(network|host) is unreachable\b|\bname or service not known\b|\bno such host\b"
            + @"|temporary failure in name resolution|could not resolve host|nodename nor servname provided"
            + @"|server closed the connection unexpectedly|\bfailed to connect to\b"
            + @"|\bE(CONNREFUSED|CONNRESET|CONNABORTED|HOSTUNREACH|NETUNREACH|TIMEDOUT|AI_AGAIN|NOTFOUND)\b"
            + @"|\b(ConnectException|NoRouteToHostException|UnknownHostException|SocketTimeoutException|SocketException|HttpRequestException)\b"
            + @"|\bConnection(Refused|Reset|Aborted)Error\b|\b(ConnectTimeout|ReadTimeout|NewConnectionError|MaxRetryError)\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex NetworkWords();

    [GeneratedRegex(
        @"\bservice unavailable\b|\btoo many requests\b|\bdeadlock detected\b|could not serialize access|lock wait timeout exceeded"
            + @"|\btry again later\b|\btemporarily unavailable\b|\bEAGAIN\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex TemporaryWords();
}
