using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Exported;

/// <summary>A matrix of an exported graph as rows of outputs, whatever its layout there; or a vector, a row for each number.</summary>
internal abstract class ExportedMatrix
{
    /// <summary>Name of the constant that holds its numbers, for errors.</summary>
    public abstract string Name { get; }

    public abstract int Rows { get; }

    public abstract int Columns { get; }

    /// <summary>How <see cref="ReadEncoded"/> gives its rows; one with blocks where they are kept, float32 where it gives none.</summary>
    public abstract TensorEncoding Encoding { get; }

    /// <summary>Whether the graph computes with these numbers in fewer bits than float32.</summary>
    public abstract bool IsRounded { get; }

    /// <summary>The constants that it is made of.</summary>
    public abstract IReadOnlyList<ExportedConstant> Constants { get; }

    /// <exception cref="Models.ModelImportException">A number is not finite, or the file ends too early.</exception>
    public abstract float[] Read(int firstRow, int rows);

    /// <summary>Rows as blocks; null where they are not kept.</summary>
    /// <exception cref="Models.ModelImportException">A scale is not finite, or the file ends too early.</exception>
    public abstract byte[]? ReadEncoded(int firstRow, int rows);
}
