using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Models;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tests.Pictures;

public sealed class PreprocessorConfigTests
{
    private const string Good =
        """
        {"image_processor_type":"EfficientNetImageProcessor","do_resize":true,"size":{"shortest_edge":256},"resample":3,
         "do_center_crop":true,"crop_size":{"height":224,"width":200},"do_rescale":true,"rescale_factor":0.5,"do_normalize":true,
         "image_mean":[1,2,3],"image_std":[4,5,6]}
        """;

    [Fact]
    public void Read_takes_what_the_file_states()
    {
        var preparation = Read(Good);

        Assert.Equal((200, 224, 256), (preparation.Width, preparation.Height, preparation.ShortestEdge!.Value));
        Assert.Equal((ResizeFilter.Bicubic, 0.5), (preparation.Resample, preparation.Factor));
        Assert.Equal([2, 3, 224, 200], preparation.Shape(2));
        var tables = preparation.MakeTables();
        Assert.Equal((-0.25f, 31.625f), (tables[0][0], tables[0][255])); // (0 − 1) / 4 and (255 × 0.5 − 1) / 4
        Assert.Equal(-0.5f, tables[2][0]); // (0 − 3) / 6
    }

    [Theory]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"crop_size":null,"do_center_crop":null}""", null, 224, 224, 224)]
    [InlineData("""{"feature_extractor_type":"DeiTFeatureExtractor","image_processor_type":null,"size":256}""", null, 256, 200, 224)]
    [InlineData("""{"image_processor_type":"CLIPImageProcessor","size":256}""", 256, 0, 200, 224)]
    [InlineData("""{"size":{"height":300,"width":400},"crop_size":null,"do_center_crop":false}""", null, 400, 400, 300)]
    [InlineData("""{"size":{"height":300,"width":400},"crop_size":280}""", null, 400, 280, 280)]
    [InlineData(
        """
        {"image_processor_type":"ConvNextImageProcessor","size":{"shortest_edge":224},"crop_pct":0.875,
         "crop_size":null,"do_center_crop":null}
        """,
        256, 0, 224, 224)]
    [InlineData(
        """
        {"image_processor_type":"ConvNextImageProcessor","size":384,"crop_pct":0.875,"crop_size":null,"do_center_crop":null}
        """,
        null, 384, 384, 384)]
    public void Read_takes_the_sizes_of_the_usual_processors(string changes, int? shortest, int resizeWidth, int width, int height)
    {
        var preparation = Read(Change(changes));

        Assert.Equal(
            (shortest, resizeWidth, width, height),
            (preparation.ShortestEdge, preparation.ResizeWidth, preparation.Width, preparation.Height));
    }

    [Fact]
    public void Read_applies_defaults_of_the_library()
    {
        var preparation = Read(Change("""{"do_rescale":null,"rescale_factor":null,"do_normalize":false}"""));

        Assert.Equal(1.0 / 255, preparation.Factor);
        Assert.Equal([0.0, 0, 0], preparation.Mean);
        Assert.Equal([1.0, 1, 1], preparation.Deviation);
        Assert.Equal(1, Read(Change("""{"do_rescale":false}""")).Factor);
        Assert.Equal([16.0, 25, 36], Read(Change("""{"include_top":true}""")).Deviation);
    }

    [Theory]
    [InlineData("do_resize", """{"do_resize":false}""")]
    [InlineData("do_resize", """{"do_resize":"yes"}""")]
    [InlineData("do_convert_rgb", """{"do_convert_rgb":false}""")]
    [InlineData("size", """{"size":null}""")]
    [InlineData("size", """{"size":"224"}""")]
    [InlineData("size", """{"size":{"longest_edge":224}}""")]
    [InlineData("size", """{"size":{"shortest_edge":256,"longest_edge":512}}""")]
    [InlineData("size", """{"size":{"height":-1,"width":5}}""")]
    [InlineData("size", """{"size":256}""")]
    [InlineData("size", """{"do_center_crop":false}""")]
    [InlineData("size", """{"size":{"height":2000,"width":2000},"crop_size":{"height":2000,"width":2000}}""")]
    [InlineData("crop_size", """{"crop_size":null}""")]
    [InlineData("crop_size", """{"crop_size":{"height":300,"width":300}}""")]
    [InlineData("crop_pct", """{"crop_pct":0.9}""")]
    [InlineData("resample", """{"resample":0}""")]
    [InlineData("resample", """{"resample":null}""")]
    [InlineData("resample", """{"resample":"bicubic"}""")]
    [InlineData("rescale_factor", """{"rescale_factor":"1/255"}""")]
    [InlineData("image_mean", """{"image_mean":null}""")]
    [InlineData("image_mean", """{"image_mean":[0.5]}""")]
    [InlineData("image_std", """{"image_std":[1,0,1]}""")]
    [InlineData("image_std", """{"image_std":["a",1,1]}""")]
    [InlineData("data_format", """{"data_format":"channels_last"}""")]
    [InlineData("do_pad", """{"do_pad":true}""")]
    [InlineData("rescale_offset", """{"rescale_offset":true}""")]
    [InlineData("do_reduce_labels", """{"do_reduce_labels":true}""")]
    [InlineData("something_new", """{"something_new":3}""")]
    public void Read_refuses_by_name_what_is_not_supported(string member, string changes)
    {
        var exception = Assert.Throws<ModelImportException>(() => Read(Change(changes)));

        Assert.StartsWith($"'{member}' of 'preprocessor_config.json' ", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("3")]
    public void Read_refuses_what_is_no_object(string json) => Assert.Throws<ModelImportException>(() => Read(json));

    private static PicturePreparation Read(string json) => PreprocessorConfig.Read(JsonElement.Parse(json), channelsLast: false);

    private static string Change(string changes)
    {
        var config = JsonNode.Parse(Good)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            config[name] = value?.DeepClone();
        }

        return config.ToJsonString();
    }
}
