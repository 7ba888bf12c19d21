namespace Sje.Tests.EndToEnd.Ui;

/// <summary>A server that asks for keys: it listens beyond this machine.</summary>
public sealed class KeyedUi : Ui
{
    protected override string Host => "0.0.0.0";
}
