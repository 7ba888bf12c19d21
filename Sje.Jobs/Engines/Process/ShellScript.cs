using System.Text;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Process;

/// <summary>
/// Shell text with templates. Values are never pasted into the text, whatever quotes it stands in: each reference becomes a shell variable,
/// and the value goes in as an argument of bash. So a value cannot become code: the worst that a misjudged quote can do is
/// to show the variable's name.
/// </summary>
internal static class ShellScript
{
    private const string VariablePrefix = "__sje_";

    /// <summary>The command line that runs it: <c>bash -euo pipefail -c TEXT bash VALUE...</c>.</summary>
    /// <exception cref="TemplateException">A reference has no value.</exception>
    /// <exception cref="FormatException">A reference stands where the shell replaces nothing.</exception>
    public static IReadOnlyList<string> Arguments(string script, TemplateScope scope)
    {
        var template = Template.Parse(script);
        if (template.Errors is [var error, ..])
        {
            throw new FormatException($"process.command, column {error.Position}: {error.Detail}");
        }

        var text = new StringBuilder();
        var values = new List<string>();
        var quoting = new ShellQuoting();
        foreach (var part in template.Parts)
        {
            switch (part)
            {
                case TemplateText plain:
                    quoting.Read(plain.Text);
                    text.Append(plain.Text);
                    break;
                case TemplateReference reference:
                    values.Add(Template.Render("{{ " + reference.Text + " }}", scope));
                    text.Append(quoting.Quote($"${{{VariablePrefix}{values.Count}}}", reference.Text));
                    quoting.ReadReference();
                    break;
            }
        }

        if (values.Count == 0)
        {
            return ["bash", "-euo", "pipefail", "-c", script];
        }

        if (values.Any(value => value.Contains('\0', StringComparison.Ordinal)))
        {
            throw new FormatException("process.command: a value holds a NUL character, which no command line can.");
        }

        // On the first line, so that bash counts lines as the user does.
        var assignments = string.Join(
            ' ',
            values.Select((_, index) => $"{VariablePrefix}{index + 1}=${{{index + 1}}}")
        );
        return ["bash", "-euo", "pipefail", "-c", $"{assignments}; set --; {text}", "bash", .. values];
    }
}
