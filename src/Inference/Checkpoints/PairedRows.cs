using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>The order of the rows of query and key heads in GGUF: row <c>i</c> of a head's first half, then row <c>i</c> of the
/// second.</summary>
internal static class PairedRows
{
    /// <summary>For each row of GGUF the row of the folder; null where a change does not order rows.</summary>
    /// <param name="rows">Rows of the whole matrix.</param>
    /// <param name="name">The tensor's name, for errors.</param>
    /// <exception cref="ModelImportException">The heads do not divide the rows.</exception>
    public static int[]? Sources(TensorChange change, int rows, GgufMetadata metadata, string name)
    {
        var key = change switch
        {
            TensorChange.PairQueries => "head_count",
            TensorChange.PairKeys => "head_count_kv",
            _ => null,
        };
        if (key is null)
        {
            return null;
        }

        var heads = metadata.Get<long>($"{metadata.Get<string>("general.architecture")}.attention.{key}");
        if (rows % (2 * heads) != 0)
        {
            throw new ModelImportException($"The tensor '{name}' has {rows} rows, which {heads} heads do not divide.");
        }

        var width = (int)(rows / heads);
        var sources = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            var within = row % width;
            sources[row] = row - within + (within / 2) + (within % 2 * (width / 2));
        }

        return sources;
    }
}
