using System.Globalization;
using System.Net;
using System.Text;
using Hangfire.Dashboard;

namespace Sje.Web.Dashboard;

/// <summary>
/// Builds HTML for Hangfire's pages. Markup comes in as literals of ours (<see cref="Raw"/>), everything else as text that is encoded: what a
/// job printed can never become markup.
/// </summary>
internal sealed class HtmlText
{
    private readonly StringBuilder html = new();

    /// <summary>Adds markup; for constants only.</summary>
    public HtmlText Raw([System.Diagnostics.CodeAnalysis.ConstantExpected] string markup)
    {
        html.Append(markup);
        return this;
    }

    /// <summary>Adds text.</summary>
    public HtmlText Text(string? text)
    {
        html.Append(WebUtility.HtmlEncode(text));
        return this;
    }

    /// <summary>Adds a number.</summary>
    public HtmlText Number(long number)
    {
        html.Append(number.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    /// <summary>Adds what a helper of Hangfire's has encoded already.</summary>
    public HtmlText Encoded(NonEscapedString fragment)
    {
        html.Append(fragment);
        return this;
    }

    /// <summary>Adds an instant: the page's script shows it as people say it, and the exact one on hover.</summary>
    public HtmlText Instant(RazorPage page, DateTimeOffset? at) =>
        at is { } instant ? Encoded(page.Html.RelativeTime(instant.UtcDateTime)) : this;

    /// <summary>Adds a link.</summary>
    public HtmlText Link(string address, string? text) =>
        Raw("<a href=\"").Text(address).Raw("\">").Text(text).Raw("</a>");

    /// <inheritdoc/>
    public override string ToString() => html.ToString();
}
