namespace Tollgate.Billing.Work;

/// <summary>Reads the <c>.sql</c> files that lie beside the classes that run them.</summary>
internal static class EmbeddedSql
{
    /// <summary>Text of an embedded file, such as <c>Ingest.BookStage.sql</c>.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(EmbeddedSql).Assembly.GetManifestResourceStream("Tollgate.Billing." + name)
            ?? throw new InvalidOperationException($"No SQL named {name} is embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
