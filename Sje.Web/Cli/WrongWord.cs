using System.CommandLine.Parsing;

namespace Sje.Web.Cli;

/// <summary>What is wrong with a command line, where the library would speak of our types.</summary>
internal static class WrongWord
{
    /// <summary>An error in words for people.</summary>
    public static string Said(ParseError error)
    {
        var (name, type, tokens) = error.SymbolResult switch
        {
            OptionResult option => (option.Option.Name, option.Option.ValueType, option.Tokens),
            ArgumentResult argument => (argument.Argument.Name, argument.Argument.ValueType, argument.Tokens),
            _ => ("", typeof(string), []),
        };
        // Of what is missing, given twice, or refused by a check of ours, the message is good as it is.
        return
            tokens is [var token]
            && error.Message.StartsWith("Cannot parse", StringComparison.Ordinal)
            && Kind(Nullable.GetUnderlyingType(type) ?? type) is { } kind
            ? $"{name} takes {kind}, and not '{token.Value}'."
            : error.Message;
    }

    private static string? Kind(Type type) =>
        type.IsEnum
            ? string.Join(", ", Enum.GetNames(type)[..^1]).ToLowerInvariant()
                + " or "
                + Enum.GetNames(type)[^1].ToLowerInvariant()
        : type == typeof(int) || type == typeof(long) ? "a whole number"
        : type == typeof(double) ? "a number"
        : type == typeof(Guid) ? "an id"
        : type == typeof(DateTimeOffset) ? "an instant (2026-01-31T00:00:00Z)"
        : null;
}
