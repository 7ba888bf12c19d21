namespace Sje.Web.Links;

/// <summary>Whether this server shows our pages: a host that SJE is built into does not, nor does one that they were not built for.</summary>
internal sealed record OwnPages(bool AreBuilt)
{
    /// <summary>Where they ask for a key.</summary>
    public const string SignIn = "/login";
}
