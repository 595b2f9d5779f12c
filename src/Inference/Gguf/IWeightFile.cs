namespace Tollgate.Inference.Gguf;

/// <summary>A model as GGUF describes one: keys, and tensors that are read on demand. A GGUF file, the parts of one, or a folder of another
/// format presented as the GGUF file that it would be converted to.</summary>
internal interface IWeightFile
{
    GgufMetadata Metadata { get; }

    /// <summary>Tensors by name.</summary>
    IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>Reads and decodes a whole tensor, row-major. Safe for concurrent calls.</summary>
    /// <exception cref="Models.ModelImportException">The file cannot be read, or the tensor holds numbers that are not finite.</exception>
    float[] Read(GgufTensor tensor);

    /// <summary>Reads some rows of a tensor in its encoding; null where the file does not hold them so.</summary>
    /// <exception cref="Models.ModelImportException">The file cannot be read.</exception>
    byte[]? ReadEncoded(GgufTensor tensor, int firstRow, int rows);
}
