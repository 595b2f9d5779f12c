using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Departures;

/// <summary>A ZIP that is written as its entries come, so that memory does not grow with it. Used by one export, and disposed.</summary>
internal sealed class ExportArchive : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly ZipArchive _zip;

    private ExportArchive(ZipArchive zip) => _zip = zip;

    /// <param name="output">Receives the ZIP; stays open.</param>
    public static async Task<ExportArchive> CreateAsync(Stream output, CancellationToken cancellationToken) => new(
        await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken));

    /// <summary>Adds an entry with one JSON value.</summary>
    public async Task AddJsonAsync<T>(string name, T value, CancellationToken cancellationToken)
    {
        await using var entry = await _zip.CreateEntry(name).OpenAsync(cancellationToken);
        await JsonSerializer.SerializeAsync(entry, value, Json, cancellationToken);
    }

    /// <summary>Adds an entry with a JSON array, written row by row.</summary>
    /// <returns>How many rows.</returns>
    public async Task<long> AddRowsAsync<T>(string name, IAsyncEnumerable<T> rows, CancellationToken cancellationToken)
    {
        var count = 0L;
        await using var entry = await _zip.CreateEntry(name).OpenAsync(cancellationToken);
        await JsonSerializer.SerializeAsync(entry, CountAsync(), Json, cancellationToken);
        return count;

        async IAsyncEnumerable<T> CountAsync()
        {
            await foreach (var row in rows.WithCancellation(cancellationToken))
            {
                count++;
                yield return row;
            }
        }
    }

    /// <summary>Adds an entry with CSV in UTF-8.</summary>
    /// <param name="head">Names of the columns.</param>
    /// <param name="lines">Lines of <see cref="CsvLine"/>.</param>
    /// <param name="most">Most lines; what comes after them is left out.</param>
    /// <returns>How many lines, and whether there were more.</returns>
    public async Task<ExportedTable> AddCsvAsync(
        string name, string head, IAsyncEnumerable<string> lines, long most, CancellationToken cancellationToken)
    {
        var count = 0L;
        await using var entry = await _zip.CreateEntry(name).OpenAsync(cancellationToken);
        await entry.WriteAsync(Encoding.UTF8.GetBytes(head + "\r\n"), cancellationToken);
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            if (count == most)
            {
                return new ExportedTable(count, IsCut: true);
            }

            count++;
            await entry.WriteAsync(Encoding.UTF8.GetBytes(line), cancellationToken);
        }

        return new ExportedTable(count, IsCut: false);
    }

    public ValueTask DisposeAsync() => _zip.DisposeAsync();
}

/// <summary>What of a table is in an export.</summary>
/// <param name="IsCut">Whether the table has more lines than an export may.</param>
internal sealed record ExportedTable(long Lines, bool IsCut);
