using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Web.Failures;
using Sje.Web.Hosting;

namespace Sje.Web.Cli;

/// <summary><c>migrate</c>: done on the database itself, so that it works before any server does.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var migrate = DatabaseAccess.With(
            new Command("migrate", "Bring the database to this version's schema; starting a server does it too")
        );
        migrate.SetAction(MigrateAsync);
        return migrate;
    }

    private static async Task<int> MigrateAsync(ParseResult parsed, CancellationToken stop)
    {
        await using var access = await DatabaseAccess.OpenAsync(parsed, stop);
        var ran = await RoleHost.MigrateAsync(access.ConnectionString, NullLogger.Instance, stop);
        Console.Out.WriteLine(
            ran.Count == 0 ? "The database has this version's schema already." : "Ran " + string.Join(", ", ran) + "."
        );
        return ExitCodes.Ok;
    }
}
