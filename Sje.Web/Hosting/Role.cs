namespace Sje.Web.Hosting;

/// <summary>What a process of the one binary does.</summary>
internal enum Role
{
    /// <summary>Answers: API, UI, Hangfire's dashboard; accepts work and runs none.</summary>
    Server,

    /// <summary>Runs tasks and answers nobody.</summary>
    Worker,

    /// <summary>Both in one process.</summary>
    All,
}

/// <summary>What follows from a role.</summary>
internal static class RoleExtensions
{
    /// <summary>Whether it listens for HTTP, and looks after the embedded PostgreSQL.</summary>
    public static bool Serves(this Role role) => role is Role.Server or Role.All;

    /// <summary>Whether it claims and runs tasks.</summary>
    public static bool Works(this Role role) => role is Role.Worker or Role.All;
}
