-- HTML tables (ours and pandas' Styler's) become typst tables that keep their colours; TeX that
-- pandoc's typst writer would set wrongly is put into a form that it sets right.

local function declarations(style)
  local found = {}
  for name, value in style:gmatch('([%w-]+)%s*:%s*([^;]+)') do
    found[name:lower()] = value:gsub('%s+$', '')
  end
  return found
end

local function rules(html)
  local byid = {}
  for sheet in html:gmatch('<style[^>]*>(.-)</style>') do
    for selectors, style in sheet:gmatch('([^{}]+){([^{}]*)}') do
      for id in selectors:gmatch('#([%w_]+)%f[%s,]') do
        byid[id] = (byid[id] or '') .. ';' .. style
      end
    end
  end
  return byid
end

local function colour(value)
  if value:match('^#%x+$') then return 'rgb("' .. value .. '")' end
  local r, g, b = value:match('^rgba?%((%d+),%s*(%d+),%s*(%d+)')
  if r then return ('rgb(%s, %s, %s)'):format(r, g, b) end
  return 'rgb("' .. ({white = '#ffffff', black = '#000000', red = '#ff0000', yellow = '#ffff00',
    green = '#008000', blue = '#0000ff', gray = '#808080', grey = '#808080'})[value] .. '")'
end

local function paint(cell, byid)
  local style = declarations((cell.attributes.style or '') .. ';' .. (byid[cell.identifier] or ''))
  local set = {}
  if style['background-color'] then set['typst:fill'] = colour(style['background-color']) end
  if style['color'] then set['typst:text:fill'] = colour(style['color']) end
  if style['font-weight'] == 'bold' then set['typst:text:weight'] = '"bold"' end
  cell.attr = pandoc.Attr('', {}, set)
  return cell
end

-- Typst sets a hyphen before a digit as a minus sign, and drops it before a question mark: what is
-- written as a hyphen stays one.
local function hyphens(str)
  local text = (' ' .. str.text):gsub('([^%w])%-(%d)', '%1\u{2010}%2')
  return pandoc.Str((text:sub(2):gsub('%-%?', '\u{2010}?')))
end

local function tables(html)
  local byid = rules(html)
  local kept = html:gsub('<style[^>]*>.-</style>', ''):gsub('</?div[^>]*>', '')
  local read = pandoc.read(kept, 'html').blocks
  local function each(rows)
    for _, row in ipairs(rows) do
      for _, cell in ipairs(row.cells) do paint(cell, byid) end
    end
    return rows
  end
  return read:walk {
    Str = hyphens,
    Table = function(t)
      t.attr = pandoc.Attr()
      t.head.rows = each(t.head.rows)
      for _, body in ipairs(t.bodies) do body.head, body.body = each(body.head), each(body.body) end
      return t
    end,
  }
end

function RawBlock(block)
  if block.format == 'html' then return tables(block.text) end
end

-- A div of class 'table' holds the table and then its caption.
function Div(div)
  if not div.classes:includes('table') then return nil end
  local table, caption
  for _, block in ipairs(div.content) do
    if block.t == 'Table' then table = block elseif block.t == 'Para' then caption = block end
  end
  if table and caption then table.caption = {long = {pandoc.Plain(caption.content)}} end
  return table
end

-- A formula on a line of its own stays on the page of the sentence that it ends.
function Para(para)
  for _, inline in ipairs(para.content) do
    if inline.t == 'Math' and inline.mathtype == 'DisplayMath' then
      return {
        pandoc.RawBlock('typst', '#block(breakable: false)['), para, pandoc.RawBlock('typst', ']'),
      }
    end
  end
end

local function replaced(text, name, by)
  return (text:gsub('\\' .. name .. '%f[^%a]', by))
end

function Str(str)
  return hyphens(str)
end

function Math(m)
  local text = m.text
  for _, size in ipairs {'big', 'Big', 'bigg', 'Bigg'} do
    text = replaced(text, size .. 'l', '\\left')
    text = replaced(text, size .. 'r', '\\right')
    text = replaced(text, size, '')
  end
  m.text = text
  return m
end
