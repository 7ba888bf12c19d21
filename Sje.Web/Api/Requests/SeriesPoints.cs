namespace Sje.Web.Api.Requests;

/// <summary>How many points a series over time may have: more than a chart has pixels for.</summary>
internal static class SeriesPoints
{
    public const int UnlessAsked = 60;
    public const int Most = 600;
}
