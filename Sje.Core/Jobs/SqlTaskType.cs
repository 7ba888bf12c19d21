using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary><c>sql: {connection: warehouse, statement: "select ... where day = @day", parameters: {day: "{{ parameters.day }}"}}</c>.</summary>
public sealed partial class SqlTaskType : ITaskType
{
    private const int LongestStatement = 512 * 1024;
    private const int MostParameters = 1_000;

    /// <inheritdoc/>
    public string Type => "sql";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => [];

    /// <inheritdoc/>
    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters)
    {
        var faults = new FaultList();
        var fields = new Fields(settings, pointer, faults);
        // Which connections there are is a matter of the workers, whose passwords no server needs to have.
        if (
            fields.RequiredText("connection") is { } connection
            && !connection.Contains("{{", StringComparison.Ordinal)
            && !NameRules.IsName(connection)
        )
        {
            faults.Add(
                fields.At("connection"),
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(connection)} is no name of a connection: {NameRules.Wanted}."
            );
        }

        var statement = fields.RequiredText("statement");
        if (statement is not null)
        {
            CheckStatement(statement, fields.At("statement"), faults);
        }

        if (fields.Object("parameters") is { } given)
        {
            CheckParameters(given, fields.At("parameters"), statement ?? "", faults);
        }

        fields.RefuseOthers();
        return faults.ToList();
    }

    /// <inheritdoc/>
    public string? TargetOf(JsonObject settings) =>
        settings["connection"]?.GetValue<string>() is { } name && !name.Contains("{{", StringComparison.Ordinal)
            ? $"sql:{name}"
            : null;

    private static void CheckStatement(string statement, string at, FaultList faults)
    {
        if (string.IsNullOrWhiteSpace(statement))
        {
            faults.Add(at, FaultCodes.InvalidValue, "The statement is empty.");
        }
        else if (statement.Length > LongestStatement)
        {
            faults.Add(at, FaultCodes.TooLong, $"{statement.Length:N0} characters; at most {LongestStatement:N0}.");
        }

        // What looks like one and is none, the checker of templates tells.
        if (Template.Parse(statement).References.FirstOrDefault() is { } reference)
        {
            faults.Add(
                at,
                FaultCodes.Template,
                $"Column {reference.Position}: a statement holds no templates, since a value must not become part of it. Write @name here, and the template under 'parameters'."
            );
        }
    }

    private static void CheckParameters(JsonObject given, string at, string statement, FaultList faults)
    {
        if (given.Count > MostParameters)
        {
            faults.Add(at, FaultCodes.TooMany, $"{given.Count:N0} parameters; at most {MostParameters:N0}.");
            return;
        }

        var used = Placeholder().Matches(statement).Select(match => match.Groups["name"].Value).ToHashSet();
        foreach (var (name, _) in given)
        {
            if (!ParameterName().IsMatch(name))
            {
                faults.Add(
                    Fault.At(at, name),
                    FaultCodes.InvalidValue,
                    $"{Excerpt.Quote(name)} is no name of a parameter: a letter or underscore, then letters, digits, underscores (at most 60)."
                );
            }
            else if (!used.Contains(name))
            {
                faults.Add(
                    Fault.At(at, name),
                    FaultCodes.UnknownParameter,
                    $"There is no @{name} in the statement.{NearName.Hint(name, used)}"
                );
            }
        }
    }

    [GeneratedRegex("@(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,59}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterName();
}
