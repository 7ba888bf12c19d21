using System.CommandLine;
using System.CommandLine.Parsing;
using Sje.Web.Failures;
using Sje.Web.Hosting;

namespace Sje.Web.Cli;

/// <summary>How answers are shown.</summary>
internal enum OutputFormat
{
    /// <summary>Tables and sentences for people.</summary>
    Table,

    /// <summary>The API's own bodies, for programs.</summary>
    Json,
}

/// <summary>The options of every verb that asks a server.</summary>
internal static class ClientOptions
{
    private static readonly Option<string> Server = new("--server")
    {
        Description =
            "The server's address (SJE_SERVER) [default: the one that runs in this folder, else http://127.0.0.1:8082]",
    };

    private static readonly Option<string> Key = new("--key") { Description = "An API key (SJE_KEY)" };

    private static readonly Option<OutputFormat> Output = new("--output", "-o")
    {
        Description = "table for people, json for programs",
    };

    private static string? ServerVariable => Variable("SJE_SERVER");

    private static string? KeyVariable => Variable("SJE_KEY");

    /// <summary>Adds them to a command.</summary>
    public static Command With(Command command)
    {
        command.Options.Add(Server);
        command.Options.Add(Key);
        command.Options.Add(Output);
        return command;
    }

    /// <summary>Adds only the choice of the form of answers.</summary>
    public static Command WithOutput(Command command)
    {
        command.Options.Add(Output);
        return command;
    }

    /// <summary>Whether answers are for a program.</summary>
    public static bool Json(ParseResult parsed) => parsed.GetValue(Output) == OutputFormat.Json;

    /// <summary>The option of a command line that means a server, if there is one.</summary>
    public static string? GivenServer(SymbolResult given) =>
        given.GetValue(Server) is not null ? Server.Name
        : given.GetValue(Key) is not null ? Key.Name
        : null;

    /// <summary>Whether the command line or the environment names a server, or holds a key for one.</summary>
    public static bool NamesServer(ParseResult parsed) =>
        GivenServer(parsed.CommandResult) is not null || ServerVariable is not null || KeyVariable is not null;

    /// <summary>The server that a command line means.</summary>
    /// <exception cref="FailureException">The address given is none.</exception>
    public static SjeClient Connect(ParseResult parsed)
    {
        var given = parsed.GetValue(Server) ?? ServerVariable;
        var address =
            string.IsNullOrEmpty(given) ? RunFile.ReadLive(SjeHome.ToAskIn())?.Url ?? "http://127.0.0.1:8082"
            : given.Contains("://", StringComparison.Ordinal) ? given
            : "http://" + given;
        if (
            !Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https")
        )
        {
            throw new FailureException(
                $"'{given}' is no address of a server; it looks like http://127.0.0.1:8082.",
                ExitCodes.Usage
            );
        }

        return new SjeClient(url, parsed.GetValue(Key) ?? KeyVariable);
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;
}
