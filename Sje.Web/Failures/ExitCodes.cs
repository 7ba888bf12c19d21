namespace Sje.Web.Failures;

/// <summary>What the process ends with, for scripts. Documented in <c>sje --help</c>; numbers never change their meaning.</summary>
internal static class ExitCodes
{
    /// <summary>Done; a job that was waited for succeeded (also partially).</summary>
    public const int Ok = 0;

    /// <summary>The job failed.</summary>
    public const int JobFailed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The job was cancelled or timed out.</summary>
    public const int Cancelled = 3;

    /// <summary>Not found, or the server refused what was asked (a faulty job file, a wrong state, a missing right).</summary>
    public const int Rejected = 4;

    /// <summary>No server answers, or the database does not.</summary>
    public const int Unreachable = 5;

    /// <summary>The server answered 5xx: the fault is ours.</summary>
    public const int ServerError = 6;

    /// <summary>
    /// A port that is needed is taken, a program is missing, the disk is full, PostgreSQL is too old, the database's schema is newer than this
    /// program or broken: what it runs on stands in the way (sysexits' EX_OSERR).
    /// </summary>
    public const int Machine = 71;

    /// <summary>The configuration is wrong (sysexits' EX_CONFIG).</summary>
    public const int Configuration = 78;
}
