namespace Sje.Web.Api.Requests;

/// <summary>How many due times a preview of a schedule shows.</summary>
internal static class PreviewCount
{
    /// <summary>At most.</summary>
    public const int Most = 1000;

    /// <summary>When nobody says.</summary>
    public const int UnlessAsked = 10;
}
