using System.Globalization;
using CliWrap;
using CliWrap.Buffered;
using Sje.Web.Failures;

namespace Sje.Web.Hosting.Postgres;

/// <summary>
/// Whose processes PostgreSQL's are. Started by root, which PostgreSQL refuses to run as, it becomes an unprivileged user's;
/// otherwise it stays ours.
/// </summary>
internal sealed class ServiceUser
{
    private static readonly string[] KnownLaunchers = ["setpriv", "runuser"];
    private static readonly string[] UsualNames = ["postgres", "sje"];

    private readonly string? launcher;

    private ServiceUser(string name, string? launcher)
    {
        Name = name;
        this.launcher = launcher;
    }

    /// <summary>The user's name or number.</summary>
    public string Name { get; }

    /// <summary>Whether it is another user than ours.</summary>
    public bool IsOther => launcher is not null;

    /// <summary>
    /// Chooses the user: ourselves unless we are root; else the owner of the data there is, else <c>postgres</c>, else <c>sje</c>, which
    /// is made.
    /// </summary>
    public static async Task<ServiceUser> ChooseAsync(string? existingData, CancellationToken stop)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return new ServiceUser(Environment.UserName, null);
        }

        var launcher =
            KnownLaunchers.FirstOrDefault(OnPath)
            ?? throw new FailureException(
                "PostgreSQL does not run as root, and neither setpriv nor runuser is here to start it as another user: install util-linux, or start sje as another user.",
                ExitCodes.Machine
            );
        if (existingData is not null)
        {
            var owner = (await RunAsync("stat", ["-c", "%u %U", existingData], stop)).StandardOutput.Trim().Split(' ');
            if (owner is [not "0", var name])
            {
                return new ServiceUser(name == "UNKNOWN" ? owner[0] : name, launcher);
            }
        }

        foreach (var name in UsualNames)
        {
            if ((await RunAsync("id", ["-u", name], stop)).ExitCode == 0)
            {
                return new ServiceUser(name, launcher);
            }
        }

        var made = await RunAsync(
            "useradd",
            [
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                "sje",
            ],
            stop
        );
        return made.ExitCode == 0
            ? new ServiceUser("sje", launcher)
            : throw new FailureException(
                $"PostgreSQL does not run as root, and the user 'sje' for it could not be made: {made.StandardError.Trim()}",
                ExitCodes.Machine
            );
    }

    /// <summary>Runs a program as the user and returns what it said; its exit code is the caller's to judge.</summary>
    public Task<BufferedCommandResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        CancellationToken stop,
        string? input = null
    )
    {
        var command = Command(program, arguments);
        return (
            input is null ? command : command.WithStandardInputPipe(PipeSource.FromString(input))
        ).ExecuteBufferedAsync(stop);
    }

    /// <summary>Gives a file or folder to the user.</summary>
    public async Task GiveAsync(string path, CancellationToken stop)
    {
        if (IsOther)
        {
            // "name:" means the user's own group.
            await Checked(RunAsync("chown", [Name + ":", path], stop), "chown " + path);
        }
    }

    /// <summary>Whether the user may enter a folder, which takes the right to enter every folder above it.</summary>
    public async Task<bool> CanEnterAsync(string folder, CancellationToken stop) =>
        !IsOther || (await RunAsync("test", (string[])["-x", folder], stop, input: null)).ExitCode == 0;

    private Command Command(string program, IReadOnlyList<string> arguments)
    {
        string[] prefix = launcher switch
        {
            null => [],
            "setpriv" =>
            [
                .. IsNumber(Name)
                    ? new[] { "--reuid", Name, "--regid", Name, "--clear-groups" }
                    : ["--reuid", Name, "--regid", GroupOf(Name), "--init-groups"],
                "--",
            ],
            _ => ["-u", Name, "--"],
        };
        return CliWrap
            .Cli.Wrap(launcher ?? program)
            .WithArguments([.. prefix, .. launcher is null ? [] : new[] { program }, .. arguments])
            // The user may have no right to the folder we stand in.
            .WithWorkingDirectory("/")
            .WithEnvironmentVariables(variables =>
            {
                variables.Set("LC_ALL", "C");
                foreach (string name in Environment.GetEnvironmentVariables().Keys)
                {
                    // PGDATA, PGPORT and their like would turn the programs to another server.
                    if (name.StartsWith("PG", StringComparison.Ordinal))
                    {
                        variables.Set(name, null);
                    }
                }
            })
            .WithValidation(CommandResultValidation.None);
    }

    /// <summary>The name of the user's own group: <c>setpriv --regid</c> wants it.</summary>
    private static string GroupOf(string user)
    {
        var line = File.ReadLines("/etc/passwd")
            .FirstOrDefault(line => line.StartsWith(user + ":", StringComparison.Ordinal));
        return line?.Split(':') is [_, _, _, var group, ..] ? group : user;
    }

    private static bool IsNumber(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Append("/usr/sbin")
            .Append("/sbin")
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static Task<BufferedCommandResult> RunAsync(string program, string[] arguments, CancellationToken stop) =>
        CliWrap
            .Cli.Wrap(program)
            .WithArguments(arguments)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(stop);

    private static async Task Checked(Task<BufferedCommandResult> command, string what)
    {
        var result = await command;
        if (result.ExitCode != 0)
        {
            throw new FailureException($"{what} failed: {result.StandardError.Trim()}", ExitCodes.Machine);
        }
    }
}
