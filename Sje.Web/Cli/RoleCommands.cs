using System.CommandLine;
using Sje.Web.Failures;
using Sje.Web.Hosting;

namespace Sje.Web.Cli;

/// <summary><c>server</c>, <c>worker</c>, <c>all</c>: the words that start a process which stays.</summary>
internal static class RoleCommands
{
    // What WebApplicationFactory adds to the command line of the program under test.
    private static readonly string[] HostWords = ["environment", "contentRoot", "applicationName"];

    private static readonly Option<string> Database = new("--db")
    {
        Description =
            "Connection string of a PostgreSQL 15 or newer (ConnectionStrings:Sje); without it SJE runs its own",
    };
    private static readonly Option<string> Urls = new("--urls")
    {
        Description = "Where to listen; several with ; between (server:urls) [default: http://127.0.0.1:8082]",
    };
    private static readonly Option<int?> Port = new("--port") { Description = "Listen on this port of 127.0.0.1" };
    private static readonly Option<string> Queues = new("--queues")
    {
        Description = "Queues to serve, a,b (worker:queues)",
    };
    private static readonly Option<int?> Slots = new("--slots") { Description = "Tasks at a time (worker:slots)" };
    private static readonly Option<string> Labels = new("--labels")
    {
        Description = "What this worker offers, x,y (worker:labels)",
    };
    private static readonly Option<string> Name = new("--name")
    {
        Description = "What to call this worker (worker:name) [default: host and process id]",
    };

    /// <summary>The commands; <paramref name="root"/> itself does what <c>all</c> does.</summary>
    public static IEnumerable<Command> Create(RootCommand root)
    {
        Configure(root, Role.All);
        var server = new Command("server", "Serve the API, the UI and Hangfire's dashboard; run nothing");
        Configure(server, Role.Server);
        var worker = new Command(
            "worker",
            "Claim and run tasks; start as many as you like, anywhere, on the same database"
        );
        Configure(worker, Role.Worker);
        var all = new Command("all", "Serve and work in one process (the default)");
        Configure(all, Role.All);
        return [server, worker, all];
    }

    /// <summary>Adds a role's options to a command.</summary>
    public static void AddOptions(Command command, Role role)
    {
        command.Options.Add(Database);
        if (role.Serves())
        {
            command.Options.Add(Urls);
            command.Options.Add(Port);
        }

        if (role.Works())
        {
            command.Options.Add(Queues);
            command.Options.Add(Slots);
            command.Options.Add(Labels);
            command.Options.Add(Name);
        }

        command.TreatUnmatchedTokensAsErrors = false;
    }

    /// <summary>The settings that a command line states, by configuration key.</summary>
    /// <exception cref="FailureException">A word is neither an option nor a setting.</exception>
    public static IReadOnlyDictionary<string, string?> SettingsOf(ParseResult parsed)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Set("ConnectionStrings:Sje", parsed.GetValue(Database));
        Set("server:urls", parsed.GetValue(Port) is { } port ? $"http://127.0.0.1:{port}" : null);
        Set("server:urls", parsed.GetValue(Urls));
        Set("worker:queues", parsed.GetValue(Queues));
        Set("worker:slots", parsed.GetValue(Slots)?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Set("worker:labels", parsed.GetValue(Labels));
        Set("worker:name", parsed.GetValue(Name));

        // Any setting may be given: --worker:slots=8, or with a space.
        var words = new Queue<string>(parsed.UnmatchedTokens);
        while (words.TryDequeue(out var word))
        {
            var (key, value) = word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                ? (word[..at], word[(at + 1)..])
                : (word, null);
            if (!key.StartsWith("--", StringComparison.Ordinal))
            {
                throw Unknown(word);
            }

            key = key[2..];
            if (HostWords.Contains(key))
            {
                continue;
            }

            if (!key.Contains(':', StringComparison.Ordinal))
            {
                throw Unknown(word);
            }

            settings[key] =
                value
                ?? (
                    words.TryDequeue(out var next)
                        ? next
                        : throw new FailureException($"{word} needs a value.", ExitCodes.Usage)
                );
        }

        return settings;

        void Set(string key, string? value)
        {
            if (value is not null)
            {
                settings[key] = value;
            }
        }
    }

    private static FailureException Unknown(string word) =>
        new(
            $"'{word}' is neither a word, an option, nor a setting (--section:key=value). sje --help tells them.",
            ExitCodes.Usage
        );

    private static void Configure(Command command, Role role)
    {
        AddOptions(command, role);
        command.SetAction(
            async (parsed, stop) =>
            {
                await RoleHost.RunAsync(
                    new Launch(role, SjeHome.ToServeFrom()) { Settings = SettingsOf(parsed) },
                    stop
                );
                return ExitCodes.Ok;
            }
        );
    }
}
